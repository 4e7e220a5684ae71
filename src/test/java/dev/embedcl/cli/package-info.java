/** Tests of the command line, in this virtual machine and in ones of their own. */
@NullMarked
package dev.embedcl.cli;

import org.jspecify.annotations.NullMarked;
