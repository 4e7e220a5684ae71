/**
 * JMH benchmarks of EmbedCL, and of the memory that bounds it. May import every package of EmbedCL;
 * no package imports this one.
 */
@NullMarked
package dev.embedcl.bench;

import org.jspecify.annotations.NullMarked;
