import { SegmentedControl, Switch } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Settings, SystemInfo } from '../../main/api/contract/system.ts';
import { useAction, useData } from '../data.ts';
import { Failure } from '../parts/failure.tsx';
import { Page, Waiting } from '../parts/page.tsx';
import { About } from './about.tsx';
import { Amount } from './amount.tsx';
import { KitSection } from './kit-section.tsx';
import { Row, Section } from './row.tsx';

/** How Triplicate behaves. Every change is kept at once. */
export function SettingsScreen({ part }: { readonly part: string | undefined }) {
  const settings = useData('settings.get', {});
  const info = useData('system.info', {});
  const kit = useRef<HTMLDivElement>(null);
  const ready = settings.data !== undefined && info.data !== undefined;
  useEffect(() => {
    if (part === 'kit' && ready) kit.current?.scrollIntoView({ block: 'start' });
  }, [part, ready]);
  return (
    <Page title="Settings" intro="Every change is kept at once.">
      {settings.error !== null && <Failure error={settings.error} onRetry={() => void settings.refetch()} />}
      {settings.data === undefined && settings.error === null && <Waiting rows={4} height={140} />}
      {settings.data !== undefined && info.data !== undefined && (
        <>
          <Sections settings={settings.data} info={info.data} />
          <div ref={kit}>
            <KitSection info={info.data} />
          </div>
          <About info={info.data} />
        </>
      )}
    </Page>
  );
}

function Sections({ settings, info }: { readonly settings: Settings; readonly info: SystemInfo }) {
  const update = useAction('settings.update');
  const change = (next: Partial<Settings>) => update.mutate(next);
  const toggle = (key: 'paused' | 'notifications' | 'startAtLogin' | 'closeToTray' | 'pauseOnBattery') => ({
    checked: settings[key],
    onChange: (event: { target: { checked: boolean } }) => change({ [key]: event.target.checked }),
  });
  const amount = (
    key:
      | 'quietSeconds'
      | 'maxWaitSeconds'
      | 'fullScanHours'
      | 'checkEveryDays'
      | 'drillEveryDays'
      | 'uploadLimitKiBps'
      | 'downloadLimitKiBps',
    unit = 1,
  ) => ({
    kept: settings[key] / unit,
    onKeep: (value: number) => update.mutateAsync({ [key]: Math.round(value * unit) }),
  });
  return (
    <>
      <Section title="Appearance">
        <Row name="Colours" help="Automatic follows the system.">
          <SegmentedControl
            aria-label="Colours"
            value={settings.theme}
            onChange={(theme) => change({ theme: theme as Settings['theme'] })}
            data={[
              { value: 'auto', label: 'Automatic' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
          />
        </Row>
      </Section>
      <Section title="When backups run">
        <Row name="Pause all backups" help="Changes are noticed but not copied.">
          <Switch aria-label="Pause all backups" {...toggle('paused')} />
        </Row>
        <Row name="Wait until files are quiet" help="A backup begins when nothing has changed for this long.">
          <Amount label="Wait until files are quiet" suffix=" seconds" min={1} max={3600} {...amount('quietSeconds')} />
        </Row>
        <Row name="But not longer than" help="Files that change all the time are copied after this long anyway.">
          <Amount
            label="But not longer than"
            suffix=" minutes"
            min={0.5}
            max={1440}
            {...amount('maxWaitSeconds', 60)}
          />
        </Row>
        <Row name="Look through everything every" help="A safety net for changes that the system did not report.">
          <Amount
            label="Look through everything every"
            suffix=" hours"
            min={1}
            max={168}
            {...amount('fullScanHours')}
          />
        </Row>
        <Row name="Pause on battery" help="Backups go on when the computer is plugged in.">
          <Switch aria-label="Pause on battery" {...toggle('pauseOnBattery')} />
        </Row>
      </Section>
      <Section title="Proof">
        <Row name="Check each destination every" help="Looks whether the copies are complete. 0 turns it off.">
          <Amount label="Check each destination every" suffix=" days" min={0} max={365} {...amount('checkEveryDays')} />
        </Row>
        <Row name="Try a restore every" help="Restores a sample and compares it byte for byte. 0 turns it off.">
          <Amount label="Try a restore every" suffix=" days" min={0} max={365} {...amount('drillEveryDays')} />
        </Row>
      </Section>
      <Section title="Network limits">
        <Row name="Upload" help="0 uses all there is.">
          <Amount label="Upload limit" suffix=" KiB/s" min={0} {...amount('uploadLimitKiBps')} />
        </Row>
        <Row name="Download" help="0 uses all there is.">
          <Amount label="Download limit" suffix=" KiB/s" min={0} {...amount('downloadLimitKiBps')} />
        </Row>
      </Section>
      <Section title="This computer">
        <Row name="Notifications" help="When a copy is overdue, damaged or needs you. Never for what went well.">
          <Switch aria-label="Notifications" {...toggle('notifications')} />
        </Row>
        <Row name="Start when I log in" help="So that nothing is missed.">
          <Switch aria-label="Start when I log in" {...toggle('startAtLogin')} />
        </Row>
        {info.host === 'window' && (
          <Row name="Stay in the tray" help="Closing the window leaves the backups running.">
            <Switch aria-label="Stay in the tray" {...toggle('closeToTray')} />
          </Row>
        )}
      </Section>
    </>
  );
}
