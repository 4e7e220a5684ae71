package dev.embedcl.backend;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * A test with one parameter, a {@link TestBackend}, that runs on each backend there is: see {@link
 * TestBackends}. The tests of a class share what it has opened, with the programs that it has
 * built, so JUnit must not close it behind each.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}", autoCloseArguments = false)
@ArgumentsSource(TestBackends.class)
public @interface EveryBackend {}
