package dev.embedcl.op;

/**
 * Adds the gradient: {@code table += g}, in one addition.
 *
 * @param table the gradient that is gathered, [rows, columns]
 */
public record AccumulateUpdate(Matrix table) implements RowUpdate {}
