// The command `codegen` of the Makefile; see codegen/cli.ts.
import './codegen/cli.ts';
