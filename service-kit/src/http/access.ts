import type { Application, IRouter } from 'express';
import { ROLES, type Role } from '../auth/caller.ts';

/** Who may ask for a route: everyone, or callers with a role or one above it. */
export interface RouteAccess {
  readonly method: string;
  /** As Express has it: `/topics/:topic`. */
  readonly path: string;
  readonly role: Role | 'anyone';
}

/** Each route of an application, in its order, with the role that its guard (`Authorizer.require`) asks for. */
export function accessOf({ router }: Pick<Application, 'router'>): RouteAccess[] {
  return routesOf(router);
}

function routesOf({ stack }: Pick<IRouter, 'stack'>): RouteAccess[] {
  return stack.flatMap(({ route, handle }) => {
    if (route !== undefined) return accessOfRoute(route);
    return isRouter(handle) ? routesOf(handle) : [];
  });
}

function accessOfRoute({ path, stack }: Route): RouteAccess[] {
  // Layers without a method answer all others, with 405.
  const methods = new Set(stack.flatMap(({ method }) => (method ? [method] : [])));
  return [...methods].map((method) => {
    const guards = stack.filter((layer) => layer.method === method).map(({ handle }) => handle);
    const role = guards.map(roleOf).find((asked) => asked !== undefined) ?? 'anyone';
    return { method: method.toUpperCase(), path: String(path), role };
  });
}

type Route = NonNullable<IRouter['stack'][number]['route']>;

function isRouter(handle: unknown): handle is IRouter {
  return typeof handle === 'function' && 'stack' in handle;
}

function roleOf(handle: unknown): Role | undefined {
  if (typeof handle !== 'function' || !('role' in handle)) return undefined;
  return ROLES.find((role) => role === handle.role);
}
