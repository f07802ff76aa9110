import { IconCircle, IconCircleCheckFilled, IconSquare, IconSquareCheckFilled } from '@tabler/icons-react';
import classes from './choice-card.module.css';
import type { Icon } from './words.ts';

interface ChoiceCardProps {
  readonly icon: Icon;
  readonly title: string;
  readonly text: string;
  readonly hint?: string | undefined;
  readonly chosen: 'yes' | 'no';
  readonly onChoose: () => void;
  /** `one` of a group, or `many`. */
  readonly among?: 'one' | 'many';
}

/** One of several large things to choose from. */
export function ChoiceCard({ icon: CardIcon, title, text, hint, chosen, onChoose, among = 'one' }: ChoiceCardProps) {
  const [On, Off] = among === 'one' ? [IconCircleCheckFilled, IconCircle] : [IconSquareCheckFilled, IconSquare];
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role is radio or checkbox, and both can be checked
    <button
      type="button"
      role={among === 'one' ? 'radio' : 'checkbox'}
      aria-checked={chosen === 'yes'}
      className={classes.choice}
      onClick={onChoose}
    >
      <span className={classes.icon}>
        <CardIcon size={22} stroke={1.6} aria-hidden />
      </span>
      <span className={classes.words}>
        <span className={classes.title}>{title}</span>
        <span className={classes.text}>{text}</span>
        {hint !== undefined && <span className={classes.hint}>{hint}</span>}
      </span>
      <span className={classes.mark}>
        {chosen === 'yes' ? <On size={22} aria-hidden /> : <Off size={22} stroke={1.5} aria-hidden />}
      </span>
    </button>
  );
}
