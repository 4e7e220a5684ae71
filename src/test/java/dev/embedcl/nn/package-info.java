/** Tests of the layers, on every backend present. */
@NullMarked
package dev.embedcl.nn;

import org.jspecify.annotations.NullMarked;
