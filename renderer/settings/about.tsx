import type { SystemInfo } from '../../main/api/contract/system.ts';
import { Row, Section } from './row.tsx';
import classes from './settings.module.css';

const PROTECTION_WORDS: Readonly<Record<SystemInfo['keyProtection'], string>> = {
  system: 'In the system’s key store',
  file: 'In a file that only you can read',
  weak: 'In a file that other programs of yours could read',
};

/** Versions and places, for whoever asks. */
export function About({ info }: { readonly info: SystemInfo }) {
  return (
    <Section title="About">
      <Row name="Triplicate">
        <span className={classes.value}>
          {info.version} · {info.platform} · {info.host === 'window' ? 'desktop window' : 'in the browser'}
        </span>
      </Row>
      <Row name="rclone" {...(info.rclone.hint === null ? {} : { help: info.rclone.hint })}>
        <span className={classes.value}>
          {info.rclone.available ? `ready, ${info.rclone.version ?? 'version unknown'}` : 'not installed'}
        </span>
      </Row>
      <Row name="Passphrase is kept">
        <span className={classes.value}>{PROTECTION_WORDS[info.keyProtection]}</span>
      </Row>
      <Row name="Own data">
        <code className={classes.value}>{info.stateFolder}</code>
      </Row>
    </Section>
  );
}
