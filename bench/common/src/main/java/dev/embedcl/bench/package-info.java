/**
 * What all benchmarks share: inputs, checks of results, the count of bytes, and copies of memory as
 * the yardstick. Imports nothing of EmbedCL or of a peer, so that each can have a JVM of its own.
 */
@NullMarked
package dev.embedcl.bench;

import org.jspecify.annotations.NullMarked;
