import type { ContractError, DestinationId } from '../api/contract/values.ts';
import type { Core } from './core.ts';

/**
 * From now on the destination counts as damaged, until a check finds nothing any more, whatever met the damage: a proof, a restore
 * or a copy. Never throws: what met it goes on.
 */
export async function noteDamage(core: Core, id: DestinationId, damage: ContractError): Promise<void> {
  const found = core.configuration.value.destinations.find((one) => one.id === id);
  if (!found) return;
  const written = core.configuration.update((all) => ({
    ...all,
    destinations: all.destinations.map((one) => (one.id === id ? { ...one, damage } : one)),
  }));
  core.changed('destinations');
  core.changed('folders');
  core.events.emit('notice', { level: 'error', title: `${found.name} is damaged`, text: damage.message });
  await written.catch((error: unknown) => core.log.error({ err: error }, 'damage could not be written down'));
}
