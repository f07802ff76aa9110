import type { SystemInfo } from '../../main/api/contract/system.ts';
import { Ago } from '../parts/ago.tsx';
import { list } from '../parts/format.ts';
import { KitActions, TryPassphrase } from '../parts/recovery-kit.tsx';
import { visible } from '../parts/visible.ts';
import { Row, Section } from './row.tsx';

/** The recovery page: print or save it, and prove that it works. */
export function KitSection({ info }: { readonly info: SystemInfo }) {
  const { recoveryKitSavedAt, recoveryKitLacks, recoveryKitTriedAt } = info.setup;
  const lacks = recoveryKitLacks.length === 0 ? {} : { help: `It lacks ${visible(list(recoveryKitLacks))}.` };
  return (
    <Section title="Recovery page">
      <Row
        name="Print or save it"
        help="Your passphrase, where your copies are, and how to restore them even without Triplicate. Keep it away from this computer."
      >
        <KitActions />
      </Row>
      <Row name="Saved" {...lacks}>
        {<Ago at={recoveryKitSavedAt} never="not yet" />}
      </Row>
      <Row name="Try it" help="Type the passphrase from the page.">
        <Ago at={recoveryKitTriedAt} never="not yet" />
      </Row>
      <div style={{ padding: '0 0 16px' }}>
        <TryPassphrase />
      </div>
    </Section>
  );
}
