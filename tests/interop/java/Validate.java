import java.io.File;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;

/** Whether an XML file is what a schema describes: java Validate.java SCHEMA FILE. */
public class Validate {
  public static void main(String[] arguments) throws Exception {
    SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(new File(arguments[0]))
        .newValidator()
        .validate(new StreamSource(new File(arguments[1])));
  }
}
