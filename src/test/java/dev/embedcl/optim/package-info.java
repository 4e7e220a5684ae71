/** Tests of the optimizers, on every backend present. */
@NullMarked
package dev.embedcl.optim;

import org.jspecify.annotations.NullMarked;
