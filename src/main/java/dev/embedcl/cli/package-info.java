/**
 * The command line {@code embedcl}: {@link dev.embedcl.cli.EmbedClCommand} and one class per
 * subcommand, with what they print and how they fail.
 *
 * <p>May import every other package except the implementations behind {@code backend}; nothing
 * imports this one.
 */
@NullMarked
package dev.embedcl.cli;

import org.jspecify.annotations.NullMarked;
