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
}
