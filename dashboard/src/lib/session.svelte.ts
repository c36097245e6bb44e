const KEY = 'token';

/** The bearer token, kept as long as the tab, and whether the user has to sign in. */
export class Session {
  token: string | null = $state(sessionStorage.getItem(KEY));
  /** The monitor has answered 401. */
  isNeeded: boolean = $state(false);
  /** Why a token is asked for again. */
  refusal: string | undefined = $state();

  signIn(token: string): void {
    sessionStorage.setItem(KEY, token);
    this.token = token;
    this.isNeeded = false;
    this.refusal = undefined;
  }

  signOut(): void {
    sessionStorage.removeItem(KEY);
    this.token = null;
    this.isNeeded = true;
  }

  /** What was sent along is not enough. */
  refused(): void {
    this.refusal = this.token === null ? undefined : 'The token is not valid here.';
    this.isNeeded = true;
  }
}
