import { Button, Stack } from '@mantine/core';
import type { RestorePlan } from '../../main/api/contract/history.ts';
import { DialogActions } from '../parts/dialog-actions.tsx';
import { Failure, Note } from '../parts/failure.tsx';
import { number, plural, size } from '../parts/format.ts';
import { visible } from '../parts/visible.ts';
import classes from './plan.module.css';

interface PlanViewProps {
  readonly plan: RestorePlan;
  readonly starting: 'yes' | 'no';
  readonly error: unknown;
  readonly onBack: () => void;
  readonly onClose: () => void;
  readonly onStart: () => void;
}

const ACTION_WORDS: Readonly<Record<RestorePlan['sample'][number]['action'], string>> = {
  create: 'new',
  replace: 'replaces',
  keep: 'left alone',
  'keep-both': 'beside',
  unchanged: 'same already',
};

/** What a restore would do, before it does it. */
export function PlanView({ plan, starting, error, onBack, onClose, onStart }: PlanViewProps) {
  const touched = plan.create + plan.replace;
  return (
    <Stack gap="md">
      <p className={classes.lead}>
        {touched === 0 ? nothingWords(plan) : `${plural(touched, 'file')}, ${size(plan.bytes)}`}
        {touched > 0 && <span className={classes.from}> from {plan.from.name}</span>}
      </p>
      <p className={classes.target}>
        into <code>{visible(plan.target)}</code>
      </p>
      <dl className={classes.counts}>
        <Count name="New" value={plan.create} />
        <Count name="Replaced" value={plan.replace} tone={plan.replace > 0 ? 'warn' : 'plain'} />
        <Count name="Kept as they are" value={plan.keep} />
        <Count name="Already the same" value={plan.unchanged} />
      </dl>
      {plan.warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      {plan.sample.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <ul className={classes.sample} aria-label="First entries" tabIndex={0}>
          {plan.sample.map((entry) => (
            <li key={entry.path} className={classes.entry}>
              <span className={classes.path}>{visible(below(plan.target, entry.path))}</span>
              <span className={classes.action} data-action={entry.action}>
                {ACTION_WORDS[entry.action]}
              </span>
            </li>
          ))}
        </ul>
      )}
      {error !== null && <Failure error={error} />}
      <DialogActions
        aside={
          <Button variant="default" onClick={onBack}>
            Back
          </Button>
        }
      >
        {touched === 0 ? (
          <Button onClick={onClose} data-autofocus>
            Done
          </Button>
        ) : (
          <Button onClick={onStart} loading={starting === 'yes'} data-autofocus>
            {plan.replace > 0 ? `Restore and replace ${plural(plan.replace, 'file')}` : 'Restore'}
          </Button>
        )}
      </DialogActions>
    </Stack>
  );
}

function nothingWords({ keep, unchanged }: RestorePlan): string {
  if (keep > 0) return 'Nothing would be restored: what is there stays as it is.';
  return unchanged > 0 ? 'Everything is there already, exactly as it was.' : 'There is nothing to restore.';
}

/** Without the folder that is named above the list. */
function below(target: string, path: string): string {
  return path.startsWith(`${target}/`) ? path.slice(target.length + 1) : path;
}

function Count({
  name,
  value,
  tone = 'plain',
}: {
  readonly name: string;
  readonly value: number;
  readonly tone?: 'plain' | 'warn';
}) {
  return (
    <div className={classes.count} data-tone={tone}>
      <dt>{name}</dt>
      <dd className="tabular">{number(value)}</dd>
    </div>
  );
}
