import { MantineProvider, useMantineColorScheme } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect, useSyncExternalStore } from 'react';
import { Redirect, Route, Router, Switch, useLocation } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { ActivityScreen } from './activity/activity-screen.tsx';
import type { Client } from './client.ts';
import { ClientContext, useClient, useData } from './data.ts';
import { DestinationsScreen } from './destinations/destinations-screen.tsx';
import { HistoryScreen } from './history/history-screen.tsx';
import { HomeScreen } from './home/home-screen.tsx';
import { Guide } from './onboarding/guide.tsx';
import { UnlockScreen } from './onboarding/unlock-screen.tsx';
import { AskProvider } from './parts/confirm.tsx';
import { FolderChooserProvider } from './parts/folder-chooser.tsx';
import { NowProvider } from './parts/now.ts';
import { SettingsScreen } from './settings/settings-screen.tsx';
import { Frame } from './shell/frame.tsx';
import { StartFailed, Starting, Unauthorised } from './shell/full-pages.tsx';
import { Guard } from './shell/guard.tsx';
import { cssVariables, theme } from './theme/theme.ts';

interface AppProps {
  readonly client: Client;
  readonly cache: QueryClient;
}

/** Everything that surrounds the screens. */
export function App({ client, cache }: AppProps) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <ClientContext value={client}>
        <QueryClientProvider client={cache}>
          <NowProvider>
            <Router hook={useHashLocation}>
              <FolderChooserProvider>
                <AskProvider>
                  <Notifications position="bottom-right" limit={3} />
                  <Guard place="">
                    <Door />
                  </Guard>
                </AskProvider>
              </FolderChooserProvider>
            </Router>
          </NowProvider>
        </QueryClientProvider>
      </ClientContext>
    </MantineProvider>
  );
}

/** Decides between the guide, the unlock page and the screens. */
function Door(): ReactNode {
  const client = useClient();
  const connection = useSyncExternalStore(client.onConnection, client.connection);
  const info = useData('system.info', {});
  const [location] = useLocation();
  useChosenTheme();
  if (connection === 'unauthorised' || info.error?.wire.code === 'app/unauthorized') return <Unauthorised />;
  if (info.data === undefined) {
    if (info.error === null) return <Starting />;
    return <StartFailed error={info.error} onRetry={() => void info.refetch()} />;
  }
  if (!info.data.setup.finished) return <Guide info={info.data} />;
  if (!info.data.setup.unlocked) return <UnlockScreen />;
  return (
    <Frame>
      <Guard place={location}>
        <Switch>
          <Route path="/" component={HomeScreen} />
          <Route path="/history/*?">{(params) => <HistoryScreen rest={params['*'] ?? ''} />}</Route>
          <Route path="/destinations" component={DestinationsScreen} />
          <Route path="/activity/*?">{(params) => <ActivityScreen rest={params['*'] ?? ''} />}</Route>
          <Route path="/settings/:part?">{(params) => <SettingsScreen part={params.part} />}</Route>
          <Route>
            <Redirect to="/" replace />
          </Route>
        </Switch>
      </Guard>
    </Frame>
  );
}

/** The theme is a setting of the app, so that it is the same in the window and in the browser. */
function useChosenTheme(): void {
  const chosen = useData('settings.get', {}).data?.theme;
  const { setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    if (chosen !== undefined) setColorScheme(chosen);
  }, [chosen, setColorScheme]);
}
