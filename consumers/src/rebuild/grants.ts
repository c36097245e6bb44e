import type { ClientBase } from 'pg';

/** Roles that may read the old generation may read the new one. */
export async function copyGrants(tx: ClientBase, from: string, to: string): Promise<void> {
  const { rows } = await tx.query<{ statement: string }>(
    `with granted as (
       select format('schema %I', $2::text) as object, a.*
       from pg_namespace n cross join aclexplode(n.nspacl) as a
       where n.nspname = $1 and a.grantee <> n.nspowner
       union all
       select format('%s %I.%I', case c.relkind when 'S' then 'sequence' else 'table' end, $2::text, c.relname), a.*
       from pg_class c cross join aclexplode(c.relacl) as a
       where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
         and a.grantee <> c.relowner
         and exists (select from pg_class t where t.relnamespace = $2::regnamespace and t.relname = c.relname)
     )
     select format('grant %s on %s to %s%s', privilege_type, object,
       case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
       case when is_grantable then ' with grant option' else '' end) as statement
     from granted`,
    [from, to],
  );
  for (const { statement } of rows) await tx.query(statement);
}
