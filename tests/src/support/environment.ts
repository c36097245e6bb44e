/** A variable that the global set-up gives every end-to-end file. */
export function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(
      `${name} is not set: run this through the test runner (make test), which starts the stack`,
    );
  }
  return value;
}
