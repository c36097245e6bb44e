/** Words that name nothing in SQL without quotes: Postgres 18, `pg_get_keywords()`, categories R and T. */
const SQL = `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
  collation column concurrently constraint create cross current_catalog current_date current_role current_schema
  current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
  foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading
  left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing
  primary references returning right select session_user similar some symmetric system_user table tablesample then to
  trailing true union unique user using variadic verbose when where window with`;

/** Words that name no variable in an ECMAScript module. */
const ECMASCRIPT = `arguments await break case catch class const continue debugger default delete do else enum eval
  export extends false finally for function if implements import in instanceof interface let new null package private
  protected public return static super switch this throw true try typeof undefined var void while with yield`;

export const RESERVED_WORDS: ReadonlySet<string> = new Set(`${SQL} ${ECMASCRIPT}`.split(/\s+/));
