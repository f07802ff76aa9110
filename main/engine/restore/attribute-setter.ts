import { spawn } from 'node:child_process';
import type { ExtendedAttribute } from '../format/tree.ts';

export interface AttributeTarget {
  readonly path: Buffer;
  readonly attributes: readonly ExtendedAttribute[];
}

export interface AttributesSet<Target extends AttributeTarget> {
  /** `missing`: there is no program that could set them. */
  readonly state: 'done' | 'missing';
  /** Those of which not all attributes could be set. */
  readonly failed: readonly Target[];
}

/** Numbers of the system calls lsetxattr and lgetxattr. */
const CALLS: Partial<Record<NodeJS.Architecture, readonly [number, number]>> = { x64: [189, 192], arm64: [6, 9] };

/**
 * Reads a path, how many attributes follow, and for each its name and value, texts behind their lengths; numbers have 32 bits,
 * the highest byte first. Answers with a byte for each path: 1 when one of its attributes could not be set and is not so already,
 * as on a read-only file that was restored before, or where a system's own label is nobody's to set.
 */
const PERL = `
my ($set, $get) = map { $_ + 0 } @ARGV; binmode STDIN; binmode STDOUT; $| = 1;
sub bytes { my $length = shift; my $text = ""; return $text if $length == 0; read(STDIN, $text, $length) == $length or exit 1; $text }
sub text { bytes(unpack("N", bytes(4))) }
sub is { my ($path, $name, $value) = @_; my $found = "\\0" x (length($value) + 1);
  syscall($get, $path, $name, $found, length($found)) == length($value) && substr($found, 0, length($value)) eq $value }
until (eof(STDIN)) {
  my $path = text(); my $failed = 0;
  for (1 .. unpack("N", bytes(4))) {
    my $name = text(); my $value = text();
    $failed = 1 if syscall($set, $path, $name, $value, length($value), 0) != 0 && !is($path, $name, $value);
  }
  print chr($failed);
}`;

/** Sets extended attributes by one Perl (Node has no call for them), never through a link. */
export async function setAttributes<Target extends AttributeTarget>(
  targets: readonly Target[],
): Promise<AttributesSet<Target>> {
  if (targets.length === 0) return { state: 'done', failed: [] };
  const calls = process.platform === 'linux' ? CALLS[process.arch] : undefined;
  const answer = calls && (await ask(calls, targets));
  if (!answer) return { state: 'missing', failed: targets };
  // A helper that ended early has said nothing of the last ones.
  return { state: 'done', failed: targets.filter((_, position) => answer[position] !== 0) };
}

function ask(calls: readonly number[], targets: readonly AttributeTarget[]): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const child = spawn('perl', ['-e', PERL, ...calls.map(String)], { stdio: ['pipe', 'pipe', 'ignore'] });
    const answer: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => answer.push(part));
    child.on('error', () => resolve(undefined));
    child.on('close', () => resolve(Buffer.concat(answer)));
    child.stdin.on('error', () => undefined);
    for (const target of targets) child.stdin.write(encoded(target));
    child.stdin.end();
  });
}

function encoded({ path, attributes }: AttributeTarget): Buffer {
  const fields = attributes.flatMap(({ name, value }) => [Buffer.from(name), Buffer.from(value)]);
  return Buffer.concat([...behindLength(path), number(attributes.length), ...fields.flatMap(behindLength)]);
}

function behindLength(bytes: Buffer): readonly Buffer[] {
  return [number(bytes.length), bytes];
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
