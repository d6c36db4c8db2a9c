package dev.palate.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.palate.event.v1.Event;
import dev.palate.event.v1.ItemViewed;
import dev.palate.ingest.v1.IngestServiceGrpc;
import dev.palate.ingest.v1.PublishStreamRequest;
import dev.palate.ingest.v1.PublishStreamResponse;
import dev.palate.ingest.v1.SubscribeRequest;
import dev.palate.ingest.v1.SubscribeResponse;
import dev.palate.recommendation.v1.RecommendRequest;
import dev.palate.recommendation.v1.RecommendResponse;
import dev.palate.recommendation.v1.RecommendationServiceGrpc;
import dev.palate.scoring.v1.ScoreRequest;
import dev.palate.scoring.v1.ScoreResponse;
import dev.palate.scoring.v1.ScoringServiceGrpc;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Calls Palate from Java: {@code java -jar target/client.jar ADDRESS PHOTO [UNREADY-ADDRESS]}. The second address is of a
 * server that refuses at first; the test of this program brings one.
 */
public final class Client {
  /** What Palate answers with UNAVAILABLE was not carried out, so gRPC itself may send it again, for every method. */
  private static final Map<String, ?> RETRIES =
      Map.of(
          "methodConfig",
          List.of(
              Map.of(
                  "name", List.of(Map.of()),
                  "retryPolicy",
                      Map.of(
                          "maxAttempts", 4.0,
                          "initialBackoff", "0.05s",
                          "maxBackoff", "1s",
                          "backoffMultiplier", 2.0,
                          "retryableStatusCodes", List.of("UNAVAILABLE")))));

  private static final Metadata.Key<String> TENANT =
      Metadata.Key.of("palate-tenant", Metadata.ASCII_STRING_MARSHALLER);

  public static void main(String[] args) throws Exception {
    ManagedChannel channel = connect(args[0], RETRIES);
    try {
      var recommendation = calls(RecommendationServiceGrpc.newBlockingStub(channel));
      long last = publish(calls(IngestServiceGrpc.newStub(channel)));
      recommend(recommendation, last);
      score(calls(ScoringServiceGrpc.newBlockingStub(channel)), Path.of(args[1]));
      meetErrors(recommendation);
      meetDeadline(calls(IngestServiceGrpc.newBlockingStub(channel)));
      cancel(calls(IngestServiceGrpc.newBlockingStub(channel)));
    } finally {
      channel.shutdownNow();
    }
    if (args.length > 2) retry(args[2]);
  }

  private static ManagedChannel connect(String address, Map<String, ?> serviceConfig) {
    return Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
        .defaultServiceConfig(serviceConfig)
        .build();
  }

  /** Every call ends some day, and says whose data it is about. */
  private static <S extends AbstractStub<S>> S calls(S stub) {
    Metadata metadata = new Metadata();
    metadata.put(TENANT, "java");
    return stub.withDeadlineAfter(30, TimeUnit.SECONDS)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  /** Sends three visits on one stream, a batch each, and the first again. Returns the last sequence. */
  private static long publish(IngestServiceGrpc.IngestServiceStub ingest) {
    Acknowledgements acknowledgements = new Acknowledgements();
    StreamObserver<PublishStreamRequest> batches = ingest.publishStream(acknowledgements);
    PublishStreamRequest first = batch(visit("s1", "apple", "bread", "cheese"));
    List<Event> third = new ArrayList<>(visit("s3", "apple"));
    // An event that says nothing is rejected; its batch is not.
    third.add(Event.getDefaultInstance());
    // The next batch goes before the last is acknowledged: so a stream is fast.
    batches.onNext(first);
    batches.onNext(batch(visit("s2", "apple", "bread")));
    batches.onNext(batch(third));
    // A second delivery is recognised by the ids of its events, so it is always safe to send again.
    batches.onNext(first);
    batches.onCompleted();
    return acknowledgements.lastSequence.join();
  }

  private static final class Acknowledgements implements StreamObserver<PublishStreamResponse> {
    final CompletableFuture<Long> lastSequence = new CompletableFuture<>();
    private long last = 0;

    @Override
    public void onNext(PublishStreamResponse ack) {
      StringBuilder line = new StringBuilder();
      line.append("published: %d accepted, %d duplicates".formatted(ack.getAccepted(), ack.getDuplicates()));
      ack.getRejectedList()
          .forEach(event -> line.append(", event %d rejected: %s".formatted(event.getIndex(), event.getReason())));
      System.out.println(line);
      last = Math.max(last, ack.getLastSequence());
    }

    @Override
    public void onError(Throwable error) {
      lastSequence.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      lastSequence.complete(last);
    }
  }

  private static PublishStreamRequest batch(List<Event> events) {
    return PublishStreamRequest.newBuilder().addAllEvents(events).build();
  }

  private static List<Event> visit(String session, String... items) {
    return Arrays.stream(items)
        .map(
            item ->
                Event.newBuilder()
                    .setEventId(UUID.randomUUID().toString())
                    .setSessionId(session)
                    .setItemViewed(ItemViewed.newBuilder().setItemId(item))
                    .build())
        .toList();
  }

  /** Asks with min_sequence, so that the answer knows what this program has just published. */
  private static void recommend(
      RecommendationServiceGrpc.RecommendationServiceBlockingStub recommendation, long last) {
    RecommendRequest request =
        RecommendRequest.newBuilder().setPlacement("home").setSessionId("s3").setMinSequence(last).build();
    RecommendResponse answer = recommendation.recommend(request);
    System.out.println(
        answer.getItemsList().stream()
            .map(item -> item.getItemId())
            .collect(Collectors.joining(", ", "recommended: ", "")));
  }

  private static void score(ScoringServiceGrpc.ScoringServiceBlockingStub scoring, Path photo)
      throws IOException {
    ByteString bytes = ByteString.copyFrom(Files.readAllBytes(photo));
    ScoreResponse answer = scoring.score(ScoreRequest.newBuilder().setUserId("ada").setImageBytes(bytes).build());
    // A photo without food is an answer too.
    if (answer.hasRejection()) {
      System.out.println("rejected: " + answer.getRejection().getReason());
    } else {
      System.out.println(
          String.format(Locale.ROOT, "scored: %.1f, %s", answer.getScore(), answer.getLabels(0).getName()));
    }
  }

  /** Asks for what is not valid, and reads from the error's details what is wrong. */
  private static void meetErrors(RecommendationServiceGrpc.RecommendationServiceBlockingStub recommendation)
      throws InvalidProtocolBufferException {
    try {
      recommendation.recommend(RecommendRequest.newBuilder().setLimit(5_000).build());
    } catch (StatusRuntimeException error) {
      System.out.println("refused: " + explain(error));
    }
  }

  /** Follows the journal, which has no end, for as long as it has time. */
  private static void meetDeadline(IngestServiceGrpc.IngestServiceBlockingStub ingest) {
    int records = 0;
    try {
      Iterator<SubscribeResponse> answers =
          ingest.withDeadlineAfter(300, TimeUnit.MILLISECONDS).subscribe(SubscribeRequest.getDefaultInstance());
      while (answers.hasNext()) records += answers.next().getRecordsCount();
    } catch (StatusRuntimeException error) {
      System.out.println("deadline: " + error.getStatus().getCode() + " after " + records + " records");
    }
  }

  /** Follows the journal, and has had enough after the first answer. */
  private static void cancel(IngestServiceGrpc.IngestServiceBlockingStub ingest) {
    CancellableContext context = Context.current().withCancellation();
    context.run(
        () -> {
          try {
            Iterator<SubscribeResponse> answers = ingest.subscribe(SubscribeRequest.getDefaultInstance());
            answers.next();
            context.cancel(null);
            while (answers.hasNext()) answers.next();
          } catch (StatusRuntimeException error) {
            System.out.println("cancelled: " + error.getStatus().getCode());
          }
        });
  }

  /** Asks a server that is not ready yet: first without a retry policy, to see what it says, then with one. */
  private static void retry(String address) throws InvalidProtocolBufferException {
    RecommendRequest request = RecommendRequest.newBuilder().setPlacement("home").setSessionId("plain").build();
    ManagedChannel plain = connect(address, Map.of());
    try {
      calls(RecommendationServiceGrpc.newBlockingStub(plain)).recommend(request);
    } catch (StatusRuntimeException error) {
      System.out.println("not ready: " + explain(error));
    } finally {
      plain.shutdownNow();
    }
    ManagedChannel patient = connect(address, RETRIES);
    try {
      RecommendResponse answer =
          calls(RecommendationServiceGrpc.newBlockingStub(patient))
              .recommend(request.toBuilder().setSessionId("patient").build());
      System.out.println("retried: " + answer.getItems(0).getItemId());
    } finally {
      patient.shutdownNow();
    }
  }

  /** What the details of an error say: a reason to branch on, the fields at fault, when to come back. */
  private static String explain(StatusRuntimeException error) throws InvalidProtocolBufferException {
    StringBuilder text = new StringBuilder(error.getStatus().getCode().name());
    for (var detail : StatusProto.fromThrowable(error).getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        text.append(" ").append(detail.unpack(ErrorInfo.class).getReason());
      } else if (detail.is(BadRequest.class)) {
        for (var violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
          text.append(", field ").append(violation.getField());
        }
      } else if (detail.is(RetryInfo.class)) {
        var delay = detail.unpack(RetryInfo.class).getRetryDelay();
        long millis = delay.getSeconds() * 1_000 + delay.getNanos() / 1_000_000;
        text.append(", again after ").append(millis).append(" ms");
      }
    }
    return text.toString();
  }
}
