/**
 * Tensor files: {@link dev.embedcl.io.Safetensors} and {@link dev.embedcl.io.Npy}, read through
 * memory mappings and written as streams.
 *
 * <p>Reading: a file is checked as a whole when it is opened (lengths, bounds, gaps, overlaps,
 * sizes against shapes), so that whatever is handed out afterwards lies inside the file; a damaged
 * or hostile file ends in a {@link dev.embedcl.io.MalformedFileException} and in nothing worse. The
 * data is then the file's own pages: nothing is copied to the Java heap and tables may be larger
 * than memory. A file must not be shortened while it is open here. No program can defend a mapping
 * against that; an access beyond the new end raises {@link java.lang.InternalError}.
 *
 * <p>Writing: data goes to {@code <name>.<16 hex digits>.embedcl-part} in the target's directory
 * and takes the target's name in one atomic step once it is complete and on the disk. Until then,
 * and after any failure, an earlier file of that name is untouched. A writer that is closed early
 * deletes its part file; a killed process leaves it behind, and it may then be deleted by hand. The
 * bytes of a file depend on its content alone: no time, no host, no random number.
 *
 * <p>May import {@code dev.embedcl.memory}, jackson-core (its streaming parser and generator, for
 * safetensors headers) and the JDK.
 */
@NullMarked
package dev.embedcl.io;

import org.jspecify.annotations.NullMarked;
