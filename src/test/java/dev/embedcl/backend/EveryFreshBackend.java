package dev.embedcl.backend;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * As {@link EveryBackend}, but JUnit closes each backend behind the test, and the next one opens
 * another. For tests that Oclgrind runs: version 21.10 reports what atomics read as uninitialised,
 * thousands of times, where another test has used the context before, and never where none has.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}")
@ArgumentsSource(TestBackends.class)
public @interface EveryFreshBackend {}
