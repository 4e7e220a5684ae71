/** Tests of what is particular to OpenCL; what every backend has to do is tested in {@code op}. */
@NullMarked
package dev.embedcl.backend.opencl;

import org.jspecify.annotations.NullMarked;
