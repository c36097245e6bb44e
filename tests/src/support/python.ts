import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Whether this machine has a Python that can make virtual environments. */
export function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
}

/** A virtual environment in `folder` with the packages, made unless it is there; pip caches what it downloads. */
export async function pythonWith(folder: string, packages: readonly string[]): Promise<string> {
  const python = join(folder, 'bin', 'python');
  if (!existsSync(python)) await run('python3', ['-m', 'venv', folder]);
  await run(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...packages,
  ]);
  return python;
}

/** Standard output of a program that has to end well. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd = process.cwd() }: { readonly cwd?: string } = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args], {
    cwd,
    timeout: 180_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}
