package dev.embedcl.cli;

import java.awt.Color;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws the rows of {@code bench} as bars, in GB/s, and the copy as a line above them. */
final class BenchChart {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 480;

  private BenchChart() {}

  /** Whether a chart can have this file's format. */
  static boolean isSupported(Path file) {
    return format(file).equals("svg") || format(file).equals("png");
  }

  /**
   * Writes a chart; the file appears only when complete.
   *
   * @param file ends in .svg or .png
   * @param rows the copy first
   * @throws IOException if it cannot be written
   */
  static void write(Path file, String title, List<BenchRow> rows) throws IOException {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .yAxisTitle("GB/s")
            .build();
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
    chart.getStyler().setLabelsVisible(true);
    BenchRow copy = rows.getFirst();
    List<BenchRow> operations = rows.subList(1, rows.size());
    for (String input : operations.stream().map(BenchRow::input).distinct().toList()) {
      List<BenchRow> series = operations.stream().filter(r -> r.input().equals(input)).toList();
      chart.addSeries(
          input,
          series.stream().map(BenchRow::operation).toList(),
          series.stream().map(BenchChart::rounded).toList());
    }
    List<String> categories = operations.stream().map(BenchRow::operation).distinct().toList();
    chart
        .addSeries("copy", categories, Collections.nCopies(categories.size(), rounded(copy)))
        .setChartCategorySeriesRenderStyle(CategorySeriesRenderStyle.Line)
        .setMarker(SeriesMarkers.NONE);
    Path directory = file.toAbsolutePath().getParent();
    Path part = Files.createTempFile(directory, "embedcl-", ".embedcl-part");
    try {
      try (OutputStream out = Files.newOutputStream(part)) {
        if (format(file).equals("svg")) {
          VectorGraphicsEncoder.saveVectorGraphic(chart, out, VectorGraphicsFormat.SVG);
        } else {
          BitmapEncoder.saveBitmap(chart, out, BitmapFormat.PNG);
        }
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static Double rounded(BenchRow row) {
    return Math.round(10 * row.gigabytesPerSecond()) / 10.0;
  }

  private static String format(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
