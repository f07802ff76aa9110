import { NumberInput, SimpleGrid } from '@mantine/core';
import type { Retention } from '../../main/api/contract/destinations.ts';
import { Note } from '../parts/failure.tsx';
import { retentionWords } from './retention-words.ts';

const FIELDS: readonly { readonly key: keyof Retention; readonly label: string; readonly unit: string }[] = [
  { key: 'keepAllHours', label: 'Everything for', unit: ' hours' },
  { key: 'hourlyForHours', label: 'One an hour for', unit: ' hours' },
  { key: 'dailyForDays', label: 'One a day for', unit: ' days' },
  { key: 'weeklyForWeeks', label: 'One a week for', unit: ' weeks' },
  { key: 'monthlyForMonths', label: 'One a month for', unit: ' months' },
];

interface RetentionFieldsProps {
  readonly value: Retention;
  readonly onChange: (value: Retention) => void;
}

/** How long versions are kept: five numbers and the sentence that says what they mean. */
export function RetentionFields({ value, onChange }: RetentionFieldsProps) {
  return (
    <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
      <legend style={{ padding: 0, marginBottom: 8, fontWeight: 600, fontSize: '0.875rem' }}>
        How long versions are kept
      </legend>
      <SimpleGrid cols={3} spacing="sm" mb="sm">
        {FIELDS.map(({ key, label, unit }) => (
          <NumberInput
            key={key}
            label={label}
            suffix={unit}
            min={0}
            value={value[key]}
            onChange={(next) => onChange({ ...value, [key]: Number(next) || 0 })}
          />
        ))}
      </SimpleGrid>
      <Note>{retentionWords(value)}</Note>
    </fieldset>
  );
}
