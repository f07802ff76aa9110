import { expect, it } from 'vitest';
import { rcloneEnvironment } from '../../../main/rclone/environment.ts';

it('passes on what rclone needs and nothing that changes what it does', () => {
  const kept = rcloneEnvironment({
    PATH: '/bin',
    Path: 'C:\\bin',
    HOME: '/home/x',
    RCLONE_CONFIG: '/x/rclone.conf',
    RCLONE_CONFIG_PASS: 'p',
    RCLONE_CONFIG_CLOUD_TYPE: 'webdav',
    https_proxy: 'http://proxy',
    SSH_AUTH_SOCK: '/run/agent',
    AWS_CA_BUNDLE: '/nowhere',
    AWS_ACCESS_KEY_ID: 'k',
    RCLONE_TRANSFERS: '1',
    RCLONE_DRY_RUN: 'true',
    RESTIC_PASSWORD: 'secret',
    TRIPLICATE_PASSWORD: 'secret',
    LD_PRELOAD: 'x.so',
  });
  expect(Object.keys(kept).sort()).toEqual(
    [
      'AWS_ACCESS_KEY_ID',
      'HOME',
      'PATH',
      'Path',
      'RCLONE_CONFIG',
      'RCLONE_CONFIG_CLOUD_TYPE',
      'RCLONE_CONFIG_PASS',
      'SSH_AUTH_SOCK',
      'https_proxy',
    ].sort(),
  );
});
