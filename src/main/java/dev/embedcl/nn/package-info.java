/**
 * The layers: tables of trainable rows, looked up by id and by position, forward and backward.
 *
 * <p>{@link dev.embedcl.nn.InputEmbedding} is the input layer of a language model: a {@link
 * dev.embedcl.nn.TokenEmbedding} with a {@link dev.embedcl.nn.PositionalEmbedding} added in the
 * same pass. A {@link dev.embedcl.nn.QuantizedEmbedding} is a table of 8 bits for inference. The
 * names are those of PyTorch's {@code nn.Embedding}. A layer turns a call into one {@link
 * dev.embedcl.op.Operation} and hands it to its {@link dev.embedcl.backend.Backend}; what changes
 * the weights lives in {@code optim}.
 *
 * <p>Who creates closes: a layer closes the parameters and buffers it made, never its backend. May
 * import {@code backend}, {@code op}, {@code memory} and {@code init}.
 */
@NullMarked
package dev.embedcl.nn;

import org.jspecify.annotations.NullMarked;
