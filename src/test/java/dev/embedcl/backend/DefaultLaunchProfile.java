package dev.embedcl.backend;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A class whose tests annotated {@link EveryBackend} leave out OpenCL devices that cut their work
 * as another kind of device would. For tests of what lies above the kernels: that every cut gives
 * the same bits is for the tests of the operations to show, and the programs of each have to be
 * built, which takes most of the time of all tests.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface DefaultLaunchProfile {}
