import { DiskChoice } from '../destinations/disk-choice.tsx';
import type { StepProps } from './guide.tsx';
import { StepFrame } from './step-frame.tsx';

export function DiskStep({ plan, onChange, onBack, onNext }: StepProps) {
  return (
    <StepFrame
      title="A disk nearby"
      lead="The second copy. An external disk is best: quick, and it survives when this computer does not."
      onBack={onBack}
      onNext={onNext}
      ready={plan.disk === null ? 'not-ready' : 'ready'}
    >
      <DiskChoice
        location={plan.disk?.location ?? null}
        onChange={(disk) => onChange({ ...plan, disk: disk && { ...disk, offsite: false } })}
      />
    </StepFrame>
  );
}
