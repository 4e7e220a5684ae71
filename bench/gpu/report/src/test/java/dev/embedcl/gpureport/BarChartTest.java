package dev.embedcl.gpureport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class BarChartTest {

  @Test
  void chartIsXmlWithABarForEachValue() throws Exception {
    BarChart chart =
        new BarChart(
            "a < b & c",
            "%",
            100,
            "all",
            List.of(new BarChart.Bar("half", 50, false), new BarChart.Bar("nothing", 0, true)));
    Document svg =
        DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(chart.svg())));
    assertThat(svg.getElementsByTagName("rect").getLength()).isEqualTo(1 + 2); // and the ground
    assertThat(svg.getElementsByTagName("line").getLength()).isEqualTo(1);
    assertThat(svg.getDocumentElement().getTextContent()).contains("a < b & c").contains("all");
  }
}
