package dev.embedcl;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/**
 * Who may import whom. A package that is not in {@link #MAY_IMPORT}, and a library that is not in
 * {@link #LIBRARY_OF}, fail here until somebody decides where they stand.
 */
@AnalyzeClasses(
    packages = ArchitectureTest.ROOT,
    importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {

  static final String ROOT = "dev.embedcl";

  /** Each package of EmbedCL, and the others that it may import. */
  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          Map.entry("memory", Set.of()),
          Map.entry("op", Set.of("memory")),
          Map.entry("backend", Set.of("op", "memory")),
          Map.entry("backend.cpu", Set.of("backend", "op", "memory")),
          Map.entry("backend.opencl", Set.of("backend", "op", "memory", "opencl")),
          Map.entry("opencl", Set.of()),
          Map.entry("nn", Set.of("backend", "op", "memory", "init")),
          Map.entry("optim", Set.of("nn", "backend", "op", "memory")),
          Map.entry("checkpoint", Set.of("nn", "optim", "backend", "init", "io", "op", "memory")),
          Map.entry("init", Set.of("memory")),
          Map.entry("io", Set.of("memory")),
          Map.entry("text", Set.of()),
          Map.entry(
              "cli",
              Set.of(
                  "memory",
                  "op",
                  "backend",
                  "nn",
                  "optim",
                  "checkpoint",
                  "init",
                  "io",
                  "text",
                  "opencl",
                  "backend.cpu",
                  "backend.opencl")));

  /** Each library, by its root package, and the packages of EmbedCL that may import it. */
  private static final Map<String, List<String>> LIBRARY_OF =
      Map.of(
          "org.jocl", List.of("opencl"),
          "com.fasterxml.jackson.core", List.of("io", "cli", "backend.opencl"),
          "com.knuddels.jtokkit", List.of("text"),
          "picocli", List.of("cli"),
          "me.tongfei.progressbar", List.of("cli"),
          "org.knowm.xchart", List.of("cli"));

  @ArchTest static final ArchRule packagesImportOnlyWhatTheyMay = layers();

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching(ROOT + ".(**)").should().beFreeOfCycles().allowEmptyShould(true);

  @ArchTest
  static final ArchRule everyClassLivesInAKnownPackage =
      classes()
          .should()
          .resideInAnyPackage(
              MAY_IMPORT.keySet().stream().map(ArchitectureTest::qualified).toArray(String[]::new));

  @ArchTest
  static final ArchRule onlyKnownLibrariesAreImported =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              Stream.concat(
                      Stream.of(
                          ROOT,
                          "java",
                          "com.sun.management",
                          "jdk.incubator.vector",
                          "org.jspecify.annotations"),
                      LIBRARY_OF.keySet().stream())
                  .map(root -> root + "..")
                  .toArray(String[]::new));

  @ArchTest
  static final ArchRule noMethodReturnsAVector =
      noMethods()
          .should()
          .haveRawReturnType(
              describe("a vector", type -> type.getPackageName().equals("jdk.incubator.vector")))
          .because("the compiler may refuse to inline it, and each call then makes an object");

  @ArchTest
  static final ArchRule nothingIsPrintedOutsideTheCommandLine =
      noClasses()
          .that()
          .resideOutsideOfPackage(qualified("cli"))
          .should(ACCESS_STANDARD_STREAMS)
          .because("the library reports through System.Logger");

  @ArchTest
  static final ArchRule libraryLogsThroughSystemLogger =
      noClasses()
          .that()
          .resideOutsideOfPackage(qualified("cli"))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.util.logging");

  @ArchTest
  static final ArchRule namesSayWhatAClassIs =
      noClasses().should().haveNameMatching(".*(Utils?|Helper|Manager|Impl)");

  @ArchTest
  static void eachLibraryIsImportedByItsOwnersOnly(JavaClasses classes) {
    LIBRARY_OF.forEach((library, owners) ->
        noClasses()
            .that()
            .resideOutsideOfPackages(
                owners.stream().map(ArchitectureTest::qualified).toArray(String[]::new))
            .should()
            .dependOnClassesThat()
            .resideInAPackage(library + "..")
            .because("only " + owners + " may import " + library)
            .allowEmptyShould(true)
            .check(classes));
  }

  /** The compiler copies constants into the class that uses them: only the source shows these. */
  @ArchTest
  static void noSourceOutsideOpenclImportsJocl(JavaClasses classes) throws IOException {
    Path root = Path.of("src", "main", "java");
    try (Stream<Path> files = Files.walk(root)) {
      List<Path> importers =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.startsWith(root.resolve(Path.of("dev", "embedcl", "opencl"))))
              .filter(ArchitectureTest::importsJocl)
              .toList();
      assertThat(importers).as("sources outside opencl that import org.jocl").isEmpty();
    }
  }

  @ArchTest
  static void everyPackageIsNullMarked(JavaClasses classes) {
    Set<String> unmarked = new TreeSet<>();
    for (JavaClass javaClass : classes) {
      JavaPackage javaPackage = javaClass.getPackage();
      if (!javaPackage.isAnnotatedWith(NullMarked.class)) {
        unmarked.add(javaPackage.getName());
      }
    }
    assertThat(unmarked).as("packages without a @NullMarked package-info.java").isEmpty();
  }

  private static ArchRule layers() {
    var layers =
        layeredArchitecture().consideringOnlyDependenciesInLayers().withOptionalLayers(true);
    for (String name : MAY_IMPORT.keySet()) {
      layers = layers.layer(name).definedBy(qualified(name));
    }
    for (var entry : MAY_IMPORT.entrySet()) {
      var layer = layers.whereLayer(entry.getKey());
      layers =
          entry.getValue().isEmpty()
              ? layer.mayNotAccessAnyLayer()
              : layer.mayOnlyAccessLayers(entry.getValue().toArray(String[]::new));
    }
    return layers;
  }

  private static String qualified(String name) {
    return ROOT + "." + name;
  }

  private static boolean importsJocl(Path file) {
    try {
      return Files.readString(file)
          .lines()
          .anyMatch(line -> line.matches("import .*\\borg\\.jocl\\b.*"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
