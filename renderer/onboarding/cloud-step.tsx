import { Button } from '@mantine/core';
import { RemoteChoice } from '../destinations/remote-choice.tsx';
import { Note } from '../parts/failure.tsx';
import type { StepProps } from './guide.tsx';
import { StepFrame } from './step-frame.tsx';

export function CloudStep({ plan, onChange, onBack, onNext, info }: StepProps) {
  const skip = () => {
    onChange({ ...plan, cloud: null });
    onNext();
  };
  return (
    <StepFrame
      title="A place far away"
      lead="The third copy, for fire, flood and theft. Nobody there can read it: everything is encrypted first."
      onBack={onBack}
      onNext={onNext}
      ready={plan.cloud === null ? 'not-ready' : 'ready'}
      aside={
        <Button variant="subtle" size="md" onClick={skip}>
          Skip for now
        </Button>
      }
    >
      {info.rclone.available ? (
        <RemoteChoice
          location={plan.cloud?.location ?? null}
          onChange={(cloud) => onChange({ ...plan, cloud: { ...cloud, offsite: true } })}
        />
      ) : (
        <Note tone="warn">
          Clouds are reached through rclone, which is not on this computer yet. {info.rclone.hint} You can skip this now
          and add a cloud later.
        </Note>
      )}
    </StepFrame>
  );
}
