import classes from './pill.module.css';
import type { Icon, Tone, Wording } from './words.ts';

/** A state as icon and word: never colour alone. */
export function Pill({ state, bare }: { readonly state: Wording; readonly bare?: 'bare' }) {
  return <Tag tone={state.tone} icon={state.icon} label={state.label} {...(bare ? { bare } : {})} />;
}

interface TagProps {
  readonly tone: Tone;
  readonly icon?: Icon;
  readonly label: string;
  /** `bare` leaves out the tinted ground. */
  readonly bare?: 'bare';
}

export function Tag({ tone, icon: TagIcon, label, bare }: TagProps) {
  return (
    <span className={classes.pill} data-tone={tone} data-bare={bare === 'bare' || undefined}>
      {TagIcon !== undefined && <TagIcon size={14} stroke={2.2} aria-hidden />}
      {label}
    </span>
  );
}
