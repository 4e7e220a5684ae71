package dev.embedcl.bench.report;

import dev.embedcl.bench.report.Comparison.Case;
import dev.embedcl.bench.report.Comparison.Copy;
import dev.embedcl.bench.report.Comparison.Way;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Bars of bytes per second: ours and each peer's best way, row by row. */
final class Charts {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 420;

  private Charts() {}

  /** Writes one PNG for each kind of ids and number of threads that was measured. */
  static void write(Comparison comparison, Path folder) throws IOException {
    for (String ids : List.of("uniform", "zipf")) {
      for (int threads : comparison.cases().stream().map(Case::threads).distinct().toList()) {
        CategoryChart chart = chart(comparison, ids, threads);
        if (!chart.getSeriesMap().isEmpty()) {
          Path file = folder.resolve("speed-%s-%d.png".formatted(ids, threads));
          BitmapEncoder.saveBitmap(chart, file.toString(), BitmapFormat.PNG);
        }
      }
    }
  }

  static CategoryChart chart(Comparison comparison, String ids, int threads) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("%s ids, %d thread%s".formatted(ids, threads, threads == 1 ? "" : "s"))
            .yAxisTitle("GB/s of bytes that cannot be avoided")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setXAxisLabelRotation(20);
    chart.getStyler().setPlotGridVerticalLinesVisible(false);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    List<Case> cases =
        comparison.cases().stream()
            .filter(in -> in.ids().equals(ids) && in.threads() == threads)
            .filter(in -> in.row() != Row.FORWARD_SMALL) // it never leaves the caches
            .filter(in -> in.variant().isEmpty())
            .toList();
    List<String> titles = cases.stream().map(Case::title).toList();
    for (Map.Entry<String, Predicate<Way>> who : bars().entrySet()) {
      List<Number> values = new ArrayList<>();
      for (Case in : cases) {
        values.add(comparison.fastest(in, who.getValue()).map(Way::gigabytesPerSecond).orElse(0.0));
      }
      if (values.stream().anyMatch(value -> value.doubleValue() > 0)) {
        chart.addSeries(who.getKey(), titles, values);
      }
    }
    double copy = comparison.gigabytesPerSecond(Copy.SLICES, threads);
    if (!Double.isNaN(copy)) {
      chart.setXAxisTitle(String.format(Locale.ROOT, "a copy of slices reaches %.1f GB/s", copy));
    }
    return chart;
  }

  private static Map<String, Predicate<Way>> bars() {
    Map<String, Predicate<Way>> bars = new LinkedHashMap<>();
    bars.put("EmbedCL, pure Java", way -> way.subject() == Subject.OURS && !way.isOpenCl());
    bars.put("EmbedCL, OpenCL", Way::isOpenCl);
    bars.put("PyTorch", way -> way.subject().module.endsWith("/pytorch"));
    bars.put("TensorFlow", way -> way.subject().module.endsWith("/tensorflow"));
    bars.put("ONNX Runtime", way -> way.subject().module.endsWith("/onnxruntime"));
    bars.put("DJL", way -> way.subject().module.endsWith("/djl"));
    return bars;
  }
}
