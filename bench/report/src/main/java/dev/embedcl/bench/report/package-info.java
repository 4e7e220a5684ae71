/**
 * Runs the benchmarks in rounds, each module in JVMs of its own, and makes tables and charts of
 * JMH's records. Knows modules, benchmark classes and their parameters by name only.
 */
@NullMarked
package dev.embedcl.bench.report;

import org.jspecify.annotations.NullMarked;
