package dev.embedcl.gpureport;

import java.util.List;
import java.util.Locale;

/**
 * Horizontal bars as SVG. Drawn by hand: chart libraries draw text by the desktop classes, which
 * need fonts, and a server with a GPU often has none.
 *
 * @param title stands above
 * @param unit of the values
 * @param mark a value at which a line is drawn
 * @param markTitle what the line stands for
 * @param bars from top to bottom
 */
record BarChart(String title, String unit, double mark, String markTitle, List<Bar> bars) {
  private static final int LABELS = 430;
  private static final int WIDTH = 420;
  private static final int STEP = 20;
  private static final int TOP = 56;

  /**
   * One bar.
   *
   * @param pale whether it is drawn in the second colour
   */
  record Bar(String label, double value, boolean pale) {}

  String svg() {
    double largest = Math.max(mark, bars.stream().mapToDouble(Bar::value).max().orElse(1));
    double scale = WIDTH / Math.max(largest, Double.MIN_NORMAL);
    int height = TOP + bars.size() * STEP + 10;
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif'"
            + " font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n",
        LABELS + WIDTH + 110,
        height);
    add(svg, "<text x='10' y='22' font-size='15'>%s (%s)</text>\n", escape(title), escape(unit));
    double x = LABELS + mark * scale;
    add(
        svg,
        "<line x1='%.1f' y1='%d' x2='%.1f' y2='%d' stroke='#cc3311' stroke-dasharray='4 3'/>\n"
            + "<text x='%.1f' y='%d' fill='#cc3311'>%s</text>\n",
        x,
        TOP - 16,
        x,
        height - 6,
        x + 4,
        TOP - 7,
        escape(markTitle));
    for (int i = 0; i < bars.size(); i++) {
      Bar bar = bars.get(i);
      int y = TOP + i * STEP;
      double length = bar.value() * scale;
      add(
          svg,
          "<text x='%d' y='%d' text-anchor='end'>%s</text>\n",
          LABELS - 6,
          y + 13,
          escape(bar.label()));
      add(
          svg,
          "<rect x='%d' y='%d' width='%.1f' height='%d' fill='%s'/>\n",
          LABELS,
          y + 2,
          length,
          STEP - 5,
          bar.pale() ? "#99bbdd" : "#4477aa");
      add(
          svg,
          "<text x='%.1f' y='%d' paint-order='stroke' stroke='white' stroke-width='4'>%s</text>\n",
          LABELS + length + 4,
          y + 13,
          round(bar));
    }
    return svg.append("</svg>\n").toString();
  }

  private static String round(Bar bar) {
    return String.format(Locale.ROOT, bar.value() < 10 ? "%.1f" : "%.0f", bar.value());
  }

  private static void add(StringBuilder svg, String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
