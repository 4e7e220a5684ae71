/** Tests of the OpenCL wrappers, on the first OpenCL device of the machine. */
@NullMarked
package dev.embedcl.opencl;

import org.jspecify.annotations.NullMarked;
