/**
 * The contract between the layers and whatever executes operations, and the choice among the
 * implementations.
 *
 * <p>{@link dev.embedcl.backend.Backends} opens a {@link dev.embedcl.backend.Backend}; the
 * implementations are found as services of type {@link dev.embedcl.backend.BackendProvider} and
 * never see each other. May import {@code op} and {@code memory}.
 */
@NullMarked
package dev.embedcl.backend;

import org.jspecify.annotations.NullMarked;
