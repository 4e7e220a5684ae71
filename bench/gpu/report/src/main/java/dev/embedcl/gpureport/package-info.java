/**
 * A report on one OpenCL device: what it is, whether EmbedCL computes right on it, how fast, and
 * what its compiler made of the kernels. May import everything; nothing imports it.
 */
@NullMarked
package dev.embedcl.gpureport;

import org.jspecify.annotations.NullMarked;
