package dev.embedcl.gpureport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class CompiledKernelsTest {

  @Test
  void instructionsAreCountedAsDriversAndLlvmWriteThem() {
    Map<String, Long> counts =
        CompiledKernels.count(
            """
            ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
            ld.global.nc.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];
            ld.global.v2.b64 {%rd2, %rd3}, [%rd1];
            ld.global.u32 %r5, [%rd4];
            ld.global.v2.f32 {%f1, %f2}, [%rd4];
            st.global.v4.b32 [%rd5], {%r1, %r2, %r3, %r4};
            red.global.add.v4.f32 [%rd6], {%f1, %f2, %f3, %f4};
            red.global.add.f32 [%rd6], %f1;
            red.global.add.f32 [%rd6+4], %f2;
            fma.rn.f32 %f9, %f1, %f2, %f3;
            mad.lo.s64 %rd7, %rd1, %rd2, %rd3;
            ld.local.f32 %f1, [%rd8];
            """);
    assertThat(counts)
        .containsEntry("16-byte loads", 3L)
        .containsEntry("other loads", 2L)
        .containsEntry("16-byte stores", 1L)
        .containsEntry("red v4", 1L)
        .containsEntry("red", 2L)
        .containsEntry("fma", 1L)
        .containsEntry("local memory (spills)", 1L);
  }

  @Test
  void kernelsOfOneProgramAreToldApart() {
    Map<String, String> entries =
        CompiledKernels.entries(
            """
            .version 8.3
            .target sm_90
            .visible .entry embedding_update_blocks(.param .u64 a) { ld.global.v4.f32 {}, [%rd1]; }
            .entry embedding_update_long_rows(.param .u64 a) { ld.global.f32 %f1, [%rd1]; }
            """);
    assertThat(entries).containsOnlyKeys("embedding_update_blocks", "embedding_update_long_rows");
    assertThat(CompiledKernels.count(entries.get("embedding_update_blocks")))
        .containsEntry("16-byte loads", 1L)
        .containsEntry("other loads", 0L);
    assertThat(CompiledKernels.count(entries.get("embedding_update_long_rows")))
        .containsEntry("16-byte loads", 0L)
        .containsEntry("other loads", 1L);
  }

  @Test
  void vectorsWithoutWideLoadsAndAtomicsWithoutRedAreMissed() {
    String vectors = "-cl-std=CL1.2 -DVECTOR_WIDTH=4 -DVECTOR_ALIGNED=1";
    Map<String, Long> none = Map.of();
    Map<String, Long> loads = Map.of("16-byte loads", 2L);
    assertThat(CompiledKernels.missing("embedding_bag_forward", vectors, none))
        .isEqualTo("16-byte loads");
    assertThat(CompiledKernels.missing("embedding_bag_forward", vectors, loads)).isEmpty();
    assertThat(CompiledKernels.missing("embedding_update_blocks", "-DVECTOR_WIDTH=1", none))
        .isEmpty();
    assertThat(CompiledKernels.missing("rowwise_adagrad_update_rates", vectors, none)).isEmpty();
    String narrow = vectors + " -DTABLE_STORAGE=STORAGE_BFLOAT16";
    assertThat(CompiledKernels.missing("embedding_update_blocks", narrow, none))
        .as("four numbers of 16 bits are 8 bytes")
        .isEmpty();
    assertThat(
            CompiledKernels.missing(
                "embedding_backward_atomic", vectors + " -DFLOAT_ATOMICS=4", loads))
        .isEqualTo("red");
  }
}
