package dev.embedcl.backend;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A class whose tests annotated {@link EveryBackend} cut work as a GPU in work-groups of a GPU's
 * size; those of others have small ones, of fewer shapes, for each of which PoCL compiles kernels
 * anew.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface GpuWorkGroups {}
