import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './theme/tokens.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createClient, type Transport } from './client.ts';
import { createQueryClient } from './data.ts';
import { followEvents } from './live.ts';
import { bridgeTransport } from './transport-bridge.ts';
import { httpTransport, takeToken } from './transport-http.ts';

function chooseTransport(): Transport {
  if (window.triplicate !== undefined) return bridgeTransport(window.triplicate);
  const { token, rest } = takeToken(window.location.hash);
  // The token is worth a session: it must not stay in the address bar or the history.
  if (token !== undefined) history.replaceState(null, '', `${window.location.pathname}${rest}`);
  return httpTransport({
    origin: window.location.origin,
    token,
    fetch: (input, init) => fetch(input, init),
    openSocket: (address) => new WebSocket(address),
    wait: (milliseconds, then) => setTimeout(then, milliseconds),
    every: (milliseconds, tick) => {
      const timer = setInterval(tick, milliseconds);
      return () => clearInterval(timer);
    },
  });
}

const client = createClient(chooseTransport());
const cache = createQueryClient();
followEvents(client, cache);

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App client={client} cache={cache} />
    </StrictMode>,
  );
}
