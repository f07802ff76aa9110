import { PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useClient } from '../data.ts';
import { Failure, Note } from '../parts/failure.tsx';
import classes from './guide.module.css';
import type { StepProps } from './guide.tsx';
import { carryOut } from './plan.ts';
import { StepFrame } from './step-frame.tsx';
import { strength } from './strength.ts';

/** Sets the passphrase and then everything that was chosen before: from here on things exist. */
export function PassphraseStep({ plan, onChange, onBack, onNext, info }: StepProps) {
  const client = useClient();
  const [again, setAgain] = useState(plan.passphrase);
  const [left, setLeft] = useState<'here' | 'left'>('here');
  const [busy, setBusy] = useState<'busy' | 'idle'>('idle');
  const [error, setError] = useState<unknown>(null);
  const isSet = info.setup.passphraseSet;
  const { level, words } = strength(plan.passphrase);
  const ready = isSet || (level > 0 && again === plan.passphrase);

  // While it is typed, the beginning of the passphrase is no mistake yet.
  const isOff = left === 'left' || !plan.passphrase.startsWith(again);

  const proceed = async () => {
    setBusy('busy');
    setError(null);
    try {
      onChange(await carryOut(client, plan, isSet ? 'yes' : 'no'));
      onNext();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy('idle');
    }
  };
  return (
    <StepFrame
      title="Your passphrase"
      lead="It is the only key to your copies. Four or five words that you can remember are better than a short riddle."
      onBack={onBack}
      onNext={() => void proceed()}
      ready={ready ? 'ready' : 'not-ready'}
      busy={busy}
    >
      {isSet ? (
        <Note>Your passphrase is set. Continue to print or save the recovery page.</Note>
      ) : (
        <>
          <div>
            <PasswordInput
              label="Passphrase"
              size="md"
              value={plan.passphrase}
              onChange={(event) => onChange({ ...plan, passphrase: event.target.value })}
              autoComplete="new-password"
              aria-describedby="strength"
            />
            <div className={classes.meter} aria-hidden="true">
              {[1, 2, 3, 4].map((bar) => (
                <span key={bar} data-on={bar <= level ? level : undefined} />
              ))}
            </div>
            <div
              id="strength"
              aria-live="polite"
              style={{ minHeight: 22, fontSize: '0.8125rem', color: 'var(--ink-2)' }}
            >
              {plan.passphrase === '' ? '' : words}
            </div>
          </div>
          <PasswordInput
            label="The same once more"
            size="md"
            value={again}
            onChange={(event) => setAgain(event.target.value)}
            onFocus={() => setLeft('here')}
            onBlur={() => setLeft('left')}
            autoComplete="new-password"
            error={again !== '' && again !== plan.passphrase && isOff ? 'Not the same yet' : null}
          />
          <Note tone="warn">
            <strong>Nobody can recover it.</strong> Without the passphrase your copies cannot be opened, not even by us.
            That is why the next step is a page to print.
          </Note>
        </>
      )}
      {error !== null && <Failure error={error} />}
    </StepFrame>
  );
}
