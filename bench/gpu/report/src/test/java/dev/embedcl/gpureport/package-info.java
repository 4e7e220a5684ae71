@NullMarked
package dev.embedcl.gpureport;

import org.jspecify.annotations.NullMarked;
