import { Button } from '@mantine/core';
import { IconKey, IconPlayerPause, IconPlugConnectedX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { useLocation } from 'wouter';
import { useAction, useClient, useData } from '../data.ts';
import { list } from '../parts/format.ts';
import { visible } from '../parts/visible.ts';
import classes from './banners.module.css';

/** Quiet lines above every screen: no link to the app, backups paused, recovery kit not saved yet. */
export function Banners() {
  return (
    <>
      <ConnectionBanner />
      <PausedBanner />
      <KitBanner />
    </>
  );
}

function ConnectionBanner() {
  const client = useClient();
  const connection = useSyncExternalStore(client.onConnection, client.connection);
  const [shown, setShown] = useState<'shown' | 'hidden'>('hidden');
  useEffect(() => {
    // A link that is back within two seconds is not worth a word.
    if (connection !== 'lost') return setShown('hidden');
    const timer = setTimeout(() => setShown('shown'), 2_000);
    return () => clearTimeout(timer);
  }, [connection]);
  if (shown === 'hidden') return null;
  return (
    <Banner icon={<IconPlugConnectedX size={18} aria-hidden />} tone="rest">
      Trying to reach Triplicate again. What you see may be out of date; your copies are not affected.
    </Banner>
  );
}

function PausedBanner() {
  const settings = useData('settings.get', {}).data;
  const update = useAction('settings.update');
  if (settings?.paused !== true) return null;
  return (
    <Banner
      icon={<IconPlayerPause size={18} aria-hidden />}
      tone="warn"
      action={
        <Button size="compact-sm" loading={update.isPending} onClick={() => update.mutate({ paused: false })}>
          Resume
        </Button>
      }
    >
      Backups are paused. Changes are noticed but not copied until you resume.
    </Banner>
  );
}

function KitBanner() {
  const setup = useData('system.info', {}).data?.setup;
  const [location, navigate] = useLocation();
  if (setup === undefined || !setup.passphraseSet || location.startsWith('/settings')) return null;
  const lacks = setup.recoveryKitLacks;
  if (setup.recoveryKitSavedAt !== null && lacks.length === 0 && setup.recoveryKitTriedAt !== null) return null;
  const isUnsaved = setup.recoveryKitSavedAt === null || lacks.length > 0;
  return (
    <Banner
      icon={<IconKey size={18} aria-hidden />}
      tone="warn"
      action={
        <Button size="compact-sm" variant="default" onClick={() => navigate('/settings/kit')}>
          {isUnsaved ? 'Save it now' : 'Try it now'}
        </Button>
      }
    >
      {setup.recoveryKitSavedAt === null
        ? 'Your recovery page is not saved yet. Without the passphrase on it, nobody can open your copies.'
        : lacks.length > 0
          ? `Your recovery page does not tell how to open the copies at ${visible(list(lacks))}. Save it anew, and put it in the place of the old one.`
          : 'You have saved your recovery page. Type its passphrase once to be sure that it works.'}
    </Banner>
  );
}

interface BannerProps {
  readonly icon: ReactNode;
  readonly tone: 'rest' | 'warn';
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

function Banner({ icon, tone, action, children }: BannerProps) {
  return (
    <div className={classes.banner} data-tone={tone} role="status">
      {icon}
      <span className={classes.words}>{children}</span>
      {action}
    </div>
  );
}
