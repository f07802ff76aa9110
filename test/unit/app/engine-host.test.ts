import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { systemHost } from '../../../main/app/engine-host.ts';

const HOST = fileURLToPath(new URL('../../../main/app/engine-host.ts', import.meta.url));

/** What a container is to a lock: processes of its own, the name of its machine, and mostly no number of a machine. */
async function machineInContainer(): Promise<string> {
  const tell = `import { systemHost } from '${HOST}'; process.stdout.write(String(systemHost().machine));`;
  const inside = 'mount --bind /dev/null /etc/machine-id; "$0" --input-type=module --eval "$1"; sleep 0.5';
  const apart = ['--pid', '--fork', '--mount-proc', '--mount'];
  return (await execa('unshare', [...apart, 'bash', '-c', inside, process.execPath, tell])).stdout;
}

it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'tells containers apart that have no number of a machine (only as root on Linux, where one can be made)',
  async () => {
    const [one, two] = await Promise.all([machineInContainer(), machineInContainer()]);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(two).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set([one, two, systemHost().machine]).size).toBe(3);
    expect(systemHost().machine).toBe(systemHost().machine);
  },
);
