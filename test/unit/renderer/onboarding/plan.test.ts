import { expect, test } from 'vitest';
import { createClient } from '../../../../renderer/client.ts';
import { carryOut, type GuidePlan } from '../../../../renderer/onboarding/plan.ts';
import { createFakeApp } from '../../../support/fake-app.ts';

const PLAN: GuidePlan = {
  folders: ['/home/ada/Documents', '/home/ada/Pictures'],
  disk: { location: '/media/ada/BLUE/Triplicate', kind: 'external', offsite: false },
  cloud: { location: 'rclone:b2:triplicate', kind: 'cloud', offsite: true },
  passphrase: 'harbour violet ladder nine',
};

function guide() {
  const app = createFakeApp({ scenario: 'fresh' });
  const client = createClient({
    call: app.call,
    on: () => () => {},
    connection: () => 'open',
    onConnection: () => () => {},
  });
  return { app, client };
}

test('what was chosen in the guide exists afterwards, each folder with both destinations', async () => {
  const { app, client } = guide();
  await carryOut(client, PLAN, 'no');
  expect(app.world.info.setup.passphraseSet).toBe(true);
  expect(app.world.destinations.map(({ location, offsite }) => [location, offsite])).toEqual([
    ['/media/ada/BLUE/Triplicate', false],
    ['rclone:b2:triplicate', true],
  ]);
  expect(app.world.folders.map(({ path, destinationIds }) => [path, destinationIds.length])).toEqual([
    ['/home/ada/Documents', 2],
    ['/home/ada/Pictures', 2],
  ]);
});

test('going back and changing one’s mind changes only that', async () => {
  const { app, client } = guide();
  await carryOut(client, PLAN, 'no');
  const disk = app.world.destinations[0]?.id;
  await carryOut(client, { ...PLAN, folders: ['/home/ada/Documents'], cloud: null }, 'yes');
  expect(app.world.destinations.map(({ id }) => id)).toEqual([disk]);
  expect(app.world.folders.map(({ path, destinationIds }) => [path, destinationIds])).toEqual([
    ['/home/ada/Documents', [disk]],
  ]);
});
